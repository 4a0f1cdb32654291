# Created by vrbench. To redraw the figure after a change, run in this folder:
#     gnuplot THIS-FILE
reset session
set encoding utf8
set datafile separator tab
set datafile missing NaN
set title 'scenario-1 — packets forwarded' noenhanced
set border 3 lw 1
set tics nomirror out
set grid lc rgb '#C4C4C4' lw 0.6
set key outside bottom center horizontal height 1 noenhanced
set ylabel 'Packets/s'
set logscale y
set xtics rotate by -35 ('direct 64' 1, 'bridged 64' 2, 'dedicated 1500' 3, 'bridged 256' 4, 'bridged 1024' 5) noenhanced
set xrange [0.5:5.5]
data = 'compare_scenario-1.dat'
set terminal svg size 900,575 dynamic font 'sans-serif,13' background rgb '#FFFFFF'
set output 'compare_scenario-1_rates.svg'
plot data index 0 using ($1-0.250):($3 > 0 ? $3 : NaN) with points lc rgb '#0072B2' pt 7 ps 1.2 lw 1.6 title 'old, without loss', \
     data index 0 using ($1-0.250):($4 > 0 ? $4 : NaN) with points lc rgb '#0072B2' pt 6 ps 1.2 lw 1.6 title 'old, at most', \
     data index 1 using ($1+0.000):($3 > 0 ? $3 : NaN) with points lc rgb '#D55E00' pt 5 ps 1.2 lw 1.6 title 'new, without loss', \
     data index 1 using ($1+0.000):($4 > 0 ? $4 : NaN) with points lc rgb '#D55E00' pt 4 ps 1.2 lw 1.6 title 'new, at most', \
     data index 2 using ($1+0.250):($3 > 0 ? $3 : NaN) with points lc rgb '#009E73' pt 9 ps 1.2 lw 1.6 title 'vm, without loss', \
     data index 2 using ($1+0.250):($4 > 0 ? $4 : NaN) with points lc rgb '#009E73' pt 8 ps 1.2 lw 1.6 title 'vm, at most'
set output 'compare_scenario-1_rates.png'
set terminal pngcairo size 1800,1150 font 'Sans,24' linewidth 2 pointscale 2 background rgb '#FFFFFF'
replot
set output 'compare_scenario-1_rates.pdf'
set terminal pdfcairo size 18cm,11.5cm font 'Sans,10' fontscale 0.75
replot
unset output
